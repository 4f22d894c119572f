{#
    Every key figure per day or month, from the first to the last period with a fact: the query of kpi_daily and
    kpi_monthly. Both grains aggregate the marts themselves, since distinct customers of days do not add up to those
    of a month.
#}
{% macro kpis_per(period) %}
{%- set marts = kpi_marts(period) %}
{%- set figures = kpi_figures(period) %}
with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),
{% for mart in marts %}
{%- set date = var('kpi_measures')[mart].date %}
{{ mart }}_summarized as (

    select
        {{ kpi_period(date, period) }} as period_start,
        {{ kpi_measures(mart) }}

    from {{ ref(mart) }}

    where {{ date }} is not null

    group by 1

),
{% endfor %}
first_day as (

    select min(period_start) as period_start

    from (
        {%- for mart in marts %}
        select period_start from {{ mart }}_summarized
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as periods

),

periods as (

    select
        {{ kpi_period('calendar.calendar_date', period) }} as period_start,
        max(calendar.calendar_date) as period_end

    from {{ ref('calendar') }} as calendar
    cross join run_context
    inner join first_day on calendar.calendar_date >= first_day.period_start

    where {{ kpi_period('calendar.calendar_date', period) }} <= run_context.as_of_date

    group by 1

),

measured as (

    select
        periods.period_start,
        periods.period_end,
        run_context.as_of_date as as_of,
        run_context.reporting_currency_code as currency_code,
        {%- for mart in marts %}
        {%- set last_mart = loop.last %}
        {%- for name in kpi_measure_names(mart) %}
        coalesce({{ mart }}_summarized.{{ name }}, 0) as {{ name }}
        {{- ',' if not (last_mart and loop.last) }}
        {%- endfor %}
        {%- endfor %}

    from periods
    cross join run_context
    {%- for mart in marts %}
    left join {{ mart }}_summarized on periods.period_start = {{ mart }}_summarized.period_start
    {%- endfor %}

),

totalled as (

    select
        *
        {%- for name, expression in var('kpi_totals').items() if name in figures %},
        cast({{ expression }} as {{ kpi_type(name) }}) as {{ name }}
        {%- endfor %}

    from measured

),

final as (

    select
        *
        {%- for name, parts in var('kpi_ratios').items() if name in figures %},
        {{ kpi_ratio(parts[0], parts[1], name) }} as {{ name }}
        {%- endfor %}

    from totalled

)

select * from final
{% endmacro %}

{# First day of the day or month that a date is in. #}
{% macro kpi_period(date, period) -%}
    {%- if period == 'day' -%}
        {{ date }}
    {%- else -%}
        cast({{ dbt.date_trunc(period, date) }} as date)
    {%- endif -%}
{%- endmacro %}

{# A quotient of two sums; null where there is nothing to divide by. Rates get six decimals, money and days four. #}
{% macro kpi_ratio(numerator, denominator, name='') -%}
    {%- set quotient -%}
        cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0e0)
    {%- endset -%}
    {%- if name.endswith('_amount') -%}
        cast({{ quotient }} as decimal(18, 4))
    {%- else -%}
        round({{ quotient }}, 6)
    {%- endif -%}
{%- endmacro %}
