{% set no_product = 'cast(null as bigint) as product_key' %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

products as (

    select * from {{ ref('products') }}

),

-- A product that is put back on sale after years is no news.
launches as (

    select
        products.product_key,
        products.product_type,
        products.published_at,
        row_number() over (
            partition by products.product_type
            order by products.published_at desc, products.product_key asc
        ) as type_rank,
        row_number() over (
            order by products.published_at desc, products.product_key asc
        ) as shop_rank

    from products
    cross join run_context

    where
        products.published_at <= run_context.as_of_at
        and coalesce(products.status, 'active') = 'active'
        and {{ days_between(
            'cast(products.created_at as date)', 'cast(products.published_at as date)'
        ) }} <= 90

),

-- The birthday that is nearest to the as-of day, which may be in the year before or after. In a
-- year without a 29th of February it is on the 28th.
birth_dates as (

    select
        customers.customer_key,
        customers.birth_date,
        year(customers.as_of) - year(customers.birth_date) as years,
        customers.as_of

    from customers

    where customers.birth_date < customers.as_of

),

birthdays_of_this_year as (

    select
        customer_key,
        birth_date,
        years,
        as_of,
        cast({{ dbt.dateadd('year', 'years', 'birth_date') }} as date) as birthday

    from birth_dates

),

birthdays as (

    select
        customer_key,
        cast({{ dbt.dateadd(
            'year',
            "years + case"
            ~ " when " ~ days_between('birthday', 'as_of') ~ " > 182 then 1"
            ~ " when " ~ days_between('birthday', 'as_of') ~ " < -182 then -1"
            ~ " else 0 end",
            'birth_date'
        ) }} as date) as birthday

    from birthdays_of_this_year

),

first_seen as (

    select
        customer_key,
        'customer_first_seen' as occasion,
        first_seen_at as occurred_at,
        'customer' as subject_type,
        'customer' as subject_key,
        {{ no_product }}

    from customers

),

purchase_silence as (

    select
        customer_key,
        'purchase_silence' as occasion,
        {{ from_reporting_time('cast(last_purchase_date as timestamp)') }} as occurred_at,
        'day' as subject_type,
        cast(last_purchase_date as {{ dbt.type_string() }}) as subject_key,
        {{ no_product }}

    from customers

    where last_purchase_date is not null

),

email_silences as (

    select
        customer_key,
        cast({{ dbt.dateadd('day', '-days_since_last_email_engagement', 'as_of') }} as date)
            as last_engaged_date

    from customers

    where days_since_last_email_engagement is not null

),

email_silence as (

    select
        customer_key,
        'email_silence' as occasion,
        {{ from_reporting_time('cast(last_engaged_date as timestamp)') }} as occurred_at,
        'day' as subject_type,
        cast(last_engaged_date as {{ dbt.type_string() }}) as subject_key,
        {{ no_product }}

    from email_silences

),

birthday as (

    select
        customer_key,
        'birthday' as occasion,
        {{ from_reporting_time('cast(birthday as timestamp)') }} as occurred_at,
        'day' as subject_type,
        cast(birthday as {{ dbt.type_string() }}) as subject_key,
        {{ no_product }}

    from birthdays

),

experience as (

    select
        customer_key,
        case
            when last_bad_experience_outcome = 'made_good' then 'experience_made_good'
            else 'bad_experience'
        end as occasion,
        last_bad_experience_at as occurred_at,
        'experience' as subject_type,
        cast(cast(last_bad_experience_at as date) as {{ dbt.type_string() }}) as subject_key,
        {{ no_product }}

    from customers

    where last_bad_experience_at is not null

),

nps_answer as (

    select
        customer_key,
        concat('nps_', nps_group) as occasion,
        last_nps_at as occurred_at,
        'answer' as subject_type,
        cast(cast(last_nps_at as date) as {{ dbt.type_string() }}) as subject_key,
        {{ no_product }}

    from customers

    where nps_group in ('detractor', 'promoter')

),

-- The newest of the category they like, or else of the shop.
product_launched as (

    select
        customers.customer_key,
        'product_launched' as occasion,
        coalesce(liked.published_at, newest.published_at) as occurred_at,
        'product' as subject_type,
        cast(coalesce(liked.product_key, newest.product_key) as {{ dbt.type_string() }})
            as subject_key,
        coalesce(liked.product_key, newest.product_key) as product_key

    from customers
    left join launches as liked
        on
            customers.preferred_product_type = liked.product_type
            and liked.type_rank = 1
    inner join launches as newest on newest.shop_rank = 1

),

unioned as (

    select * from first_seen
    union all
    select * from purchase_silence
    union all
    select * from email_silence
    union all
    select * from birthday
    union all
    select * from experience
    union all
    select * from nps_answer
    union all
    select * from product_launched

)

select * from unioned
