with

answers as (

    select
        *,
        lower(trim(type)) as answer_type

    from {{ source('feedback', 'answer') }}

),

-- A review of 9 is of another scale than stars.
renamed as (

    select
        source_name,
        'feedback' as platform,
        {{ entity_key('answer', 'id') }} as feedback_key,
        {{ entity_key('respondent', 'id') }} as record_key,
        id as answer_id,
        customer_id as customer_number,

        email,
        first_name,
        last_name,

        answer_type as feedback_type,
        score,
        product_id,
        comment,

        answered_at

    from answers

    where
        (answer_type = 'nps' and score between 0 and 10)
        or (answer_type = 'review' and score between 1 and 5)

)

select * from renamed
