with

customers as (

    select * from {{ ref('customer_360') }}

),

run_context as (

    select
        as_of_date,
        cast({{ dbt.dateadd('day', -1, 'as_of_date') }} as date) as day_before

    from {{ ref('stg_pipeline__run_context') }}

),

-- What an earlier build of this same day wrote is taken back first, so that building a day twice
-- gives what building it once does.
published as (

    select
        published_history.*,
        run_context.as_of_date,
        run_context.day_before,
        coalesce(published_history.valid_to >= run_context.day_before, true) as is_open

    from {{ source('published_state', 'customer_360_history') }} as published_history
    cross join run_context

    where published_history.valid_from < run_context.as_of_date

),

current_states as (

    select
        customers.customer_key,
        run_context.as_of_date,
        customers.email_consent_status,
        customers.sms_consent_status,
        customers.is_email_contactable,
        customers.is_sms_contactable,
        customers.lifecycle_stage,
        customers.rfm_group,
        customers.loyalty_tier,
        customers.churn_risk_band,
        customers.churn_probability,
        customers.total_value

    from customers
    cross join run_context

),

-- Scores move a little for everybody every day; a row for each would be a copy of everything. Small
-- moves wait until they have added up.
compared as (

    select
        current_states.*,
        open_states.customer_key is not null
        and open_states.email_consent_status = current_states.email_consent_status
        and open_states.sms_consent_status = current_states.sms_consent_status
        and open_states.is_email_contactable = current_states.is_email_contactable
        and open_states.is_sms_contactable = current_states.is_sms_contactable
        and open_states.lifecycle_stage = current_states.lifecycle_stage
        and coalesce(open_states.rfm_group, '')
        = coalesce(current_states.rfm_group, '')
        and coalesce(open_states.loyalty_tier, '')
        = coalesce(current_states.loyalty_tier, '')
        and coalesce(open_states.churn_risk_band, '')
        = coalesce(current_states.churn_risk_band, '')
        and {{ is_about_equal(
            'open_states.churn_probability', 'current_states.churn_probability',
            absolute=var('history_probability_change')
        ) }}
        and {{ is_about_equal(
            'open_states.total_value', 'current_states.total_value',
            relative=var('history_value_change')
        ) }} as is_unchanged

    from current_states
    left join published as open_states
        on
            current_states.customer_key = open_states.customer_key
            and open_states.is_open

),

-- Whoever is not among today's customers (merged, deleted) is known up to the day before.
kept as (

    select
        published.customer_key,
        published.valid_from,
        case
            when not published.is_open then published.valid_to
            when not coalesce(compared.is_unchanged, false) then published.day_before
        end as valid_to,
        published.email_consent_status,
        published.sms_consent_status,
        published.is_email_contactable,
        published.is_sms_contactable,
        published.lifecycle_stage,
        published.rfm_group,
        published.loyalty_tier,
        published.churn_risk_band,
        published.churn_probability,
        published.total_value

    from published
    left join compared on published.customer_key = compared.customer_key

),

begun as (

    select
        customer_key,
        as_of_date as valid_from,
        cast(null as date) as valid_to,
        email_consent_status,
        sms_consent_status,
        is_email_contactable,
        is_sms_contactable,
        lifecycle_stage,
        rfm_group,
        loyalty_tier,
        churn_risk_band,
        churn_probability,
        total_value

    from compared

    where not is_unchanged

),

unioned as (

    select * from kept
    union all
    select * from begun

),

final as (

    select
        customer_key || ':' || cast(valid_from as {{ dbt.type_string() }})
            as customer_history_key,
        *

    from unioned

)

select * from final
