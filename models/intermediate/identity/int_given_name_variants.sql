-- Both ways round. Two short forms of one name are variants of each other (Bob, Rob) unless one of
-- them is a full name, too: John and Nathan are not, though Jonathan is called either.
with

given_name_variants as (

    select * from {{ ref('given_name_variants') }}

),

given_names as (

    select given_name

    from given_name_variants

    group by given_name

),

short_forms as (

    select given_name_variants.*

    from given_name_variants
    left join given_names on given_name_variants.variant = given_names.given_name

    where given_names.given_name is null

),

paired as (

    select
        given_name as left_name,
        variant as right_name
    from given_name_variants

    union all

    select
        variant as left_name,
        given_name as right_name
    from given_name_variants

    union all

    select
        short_forms.variant as left_name,
        other_short_forms.variant as right_name
    from short_forms
    inner join short_forms as other_short_forms
        on short_forms.given_name = other_short_forms.given_name

),

final as (

    select
        left_name,
        right_name

    from paired

    where left_name <> right_name

    group by left_name, right_name

)

select * from final
