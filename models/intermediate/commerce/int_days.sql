-- Counted with digits, since no row generator is shared by the engines. 1990 is the earliest day
-- conform lets through; forecasts reach past the as-of day.
with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

digits as (

    select digits.digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as digits (digit)

),

numbers as (

    select
        ones.digit
        + 10 * tens.digit
        + 100 * hundreds.digit
        + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as day_number

    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands

    where ten_thousands.digit < 4

),

days as (

    select
        numbers.day_number,
        cast(
            {{ dbt.dateadd('day', 'numbers.day_number', "cast('1990-01-01' as date)") }}
            as date
        ) as calendar_date,
        run_context.as_of_date

    from numbers
    cross join run_context

)

select
    day_number,
    calendar_date
from days

where year(calendar_date) <= year(as_of_date) + 2
