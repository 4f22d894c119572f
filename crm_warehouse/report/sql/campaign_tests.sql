select
    campaign_performance.name,
    campaign_variations.variation_id,
    campaign_variations.delivered_count as people,
    campaign_variations.click_rate,
    campaign_variations.click_p_value,
    campaign_variations.is_click_significant,
    campaign_variations.buyer_count as people_bought,
    campaign_variations.buyer_rate,
    campaign_variations.buyer_p_value,
    campaign_variations.is_buyer_significant

from campaign_variations
inner join campaign_performance using (message_key)

where campaign_variations.variation_count > 1

order by campaign_performance.sent_at desc nulls last, campaign_performance.name, campaign_variations.variation_id

limit 60
