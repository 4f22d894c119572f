with

variants as (

    select * from {{ source('shopify', 'product_variant') }}

),

options as (

    select * from {{ source('shopify', 'product_option') }}

),

inventory_items as (

    select * from {{ source('shopify', 'inventory_item') }}

),

shops as (

    select
        source_name,
        max(currency_code) as currency_code

    from {{ source('shopify', 'shop') }}

    group by source_name

),

option_words as (

    select * from {{ ref('product_option_words') }}

),

option_counts as (

    select
        source_name,
        product_id,
        max(position) as option_count

    from options

    group by source_name, product_id

),

-- Connections made since 2025 have the values in the title alone. A value may hold the separator
-- itself: a title of more parts than the product has options says nothing.
titled as (

    select
        variants.source_name,
        variants.id,
        variants.product_id,
        variants.title,
        variants.option_1,
        variants.option_2,
        variants.option_3,
        variants.option_1 is null
        and variants.option_2 is null
        and variants.option_3 is null
        and variants.title != 'Default Title'
        and (length(variants.title) - length(replace(variants.title, ' / ', ''))) / 3 + 1
        <= coalesce(option_counts.option_count, 3) as is_told_by_title

    from variants

    left join option_counts
        on
            variants.source_name = option_counts.source_name
            and variants.product_id = option_counts.product_id

),

valued as (

    {% for position in (1, 2, 3) %}
        select
            source_name,
            id,
            product_id,
            {{ position }} as position,
            case
                when is_told_by_title then split_part(title, ' / ', {{ position }})
                else option_{{ position }}
            end as option_value

        from titled

        {{ 'union all' if not loop.last }}
    {% endfor %}

),

named as (

    select
        valued.source_name,
        valued.id,
        trim(valued.option_value) as option_value,
        nullif(lower(trim(options.name)), '') as option_name

    from valued

    left join options
        on
            valued.source_name = options.source_name
            and valued.product_id = options.product_id
            and valued.position = options.position

    where trim(valued.option_value) != ''

),

-- What an option is called decides; `silver` is a colour only where nothing calls it a material.
attributed as (

    select
        named.source_name,
        named.id,
        named.option_value,
        option_words.attribute

    from named

    inner join option_words
        on
            coalesce(named.option_name, lower(named.option_value)) = option_words.word
            and case when named.option_name is null then 'value' else 'name' end
            = option_words.word_type

),

-- XL and xl are one size (engines disagree about a capital ß); of two options for one attribute the
-- later in the alphabet counts.
pivoted as (

    select
        source_name,
        id,
        max(upper(replace(option_value, 'ß', 'ss'))) filter (
            where attribute = 'size'
        ) as size,
        max(lower(option_value)) filter (where attribute = 'colour') as colour

    from attributed

    group by source_name, id

),

joined as (

    select
        variants.source_name,
        'shopify' as platform,
        {{ numeric_key('variants.id', 'variants.source_name') }} as variant_key,
        cast(variants.id as {{ dbt.type_string() }}) as variant_id,
        {{ numeric_key('variants.product_id', 'variants.source_name') }} as product_key,
        cast(variants.product_id as {{ dbt.type_string() }}) as product_id,

        variants.title,
        variants.sku,
        pivoted.size,
        pivoted.colour,

        coalesce(variants.sellable_online_quantity, variants.inventory_quantity) as stock_quantity,
        variants.updated_at as stock_changed_at,

        inventory_items.unit_cost_amount,
        upper(coalesce(inventory_items.unit_cost_currency_code, shops.currency_code))
            as cost_currency_code

    from variants

    left join pivoted
        on
            variants.source_name = pivoted.source_name
            and variants.id = pivoted.id

    left join inventory_items
        on
            variants.source_name = inventory_items.source_name
            and variants.inventory_item_id = inventory_items.id

    left join shops
        on variants.source_name = shops.source_name

)

select * from joined
