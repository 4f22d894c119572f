{# Klaviyo's bands, so that the word means the same in the e-mail tool and here. #}
{% macro churn_risk_band(probability) -%}
    case
        when {{ probability }} < 0.33e0 then 'low'
        when {{ probability }} <= 0.66e0 then 'medium'
        else 'high'
    end
{%- endmacro %}
