{# What an amount is multiplied with; without a currency it is in the reporting one. Null where no rate is known. #}
{% macro rate_to_reporting_currency(currency_code, reporting_currency_code, exchange_rate) -%}
    case
        when coalesce({{ currency_code }}, {{ reporting_currency_code }}) = {{ reporting_currency_code }}
            then cast(1 as decimal(18, 8))
        else cast({{ exchange_rate }} as decimal(18, 8))
    end
{%- endmacro %}
