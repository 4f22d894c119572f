with

feedback as (

    select * from {{ ref('feedback') }}

    where customer_key is not null

),

summarized as (

    select
        customer_key,
        count(*) filter (where feedback_type = 'nps') as nps_count,
        max(answered_at) filter (where feedback_type = 'nps') as last_nps_at,
        -- Of two answers in the same moment the later key, so that there is one answer.
        max_by(score, concat(
            cast(answered_at as {{ dbt.type_string() }}), ' ', feedback_key
        )) filter (where feedback_type = 'nps') as nps_score,
        count(*) filter (where feedback_type = 'review') as review_count,
        max(answered_at) filter (where feedback_type = 'review') as last_reviewed_at,
        max_by(score, concat(
            cast(answered_at as {{ dbt.type_string() }}), ' ', feedback_key
        )) filter (where feedback_type = 'review') as last_review_score,
        round(avg(score) filter (where feedback_type = 'review'), 2) as average_review_score

    from feedback

    group by customer_key

),

final as (

    select
        *,
        {{ nps_group('nps_score') }} as nps_group

    from summarized

)

select * from final
