select
    suppressed_s as sort_s,
    '01K' || to_base(profile_number, 36, 8) as person_id,
    case when is_dead then 'BOUNCED' else 'MARKED_AS_SPAM' end as reason,
    known(suppressed_s) as timestamp,
    synced(suppressed_s) as _fivetran_synced
from f_profiles
where suppressed_s = seen(suppressed_s)
