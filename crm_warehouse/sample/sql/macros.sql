-- What the raw tables know at the end of day {until}: a later moment has not happened yet.
create or replace macro seen(s) as case when s <= {until} then s end;
create or replace macro moment(s) as make_timestamp(s::bigint * 1000000);
create or replace macro known(s) as make_timestamp(seen(s)::bigint * 1000000);
-- Loaded by the first sync after the row last changed; there is one every quarter of an hour.
create or replace macro synced(s) as make_timestamp(((s + 959) // 900)::bigint * 900000000);
create or replace macro eur(c) as (c / 100.0)::double;

create or replace macro email_damaged(twist, email, k) as case twist
    when 1 then upper(email)
    -- Gmail ignores dots, what follows a plus, and which of its two domains is written; elsewhere people vary the case.
    when 2 then case
        when email like '%@gmail.com' then replace(split_part(email, '@', 1), '.', '') || '@gmail.com'
        else upper(email[1]) || email[2:] end
    when 3 then case
        when email not like '%@gmail.com' then email
        when k % 2 = 0 then split_part(email, '@', 1) || '+shop@gmail.com'
        else split_part(email, '@', 1) || '@googlemail.com' end
    when 4 then ' ' || email || ' '
    when 5 then email[1] || email[3:]
    when 6 then replace(replace(email, '.com', '.con'), '.de', '.ed')
    when 7 then ['null', 'None', 'n/a', 'NaN', ''][k % 5 + 1]
    else email end;
create or replace macro email_text(form, twist, email_1, email_2, email_home, k) as email_damaged(
    twist,
    case form when 1 then email_1 when 2 then email_2 when 3 then email_home when 4 then 'kasse@kontor-neun.example' end,
    k
);
create or replace macro first_text(twist, first_name, last_name) as case twist
    when 1 then upper(first_name)
    when 2 then lower(first_name)
    when 4 then first_name[1] || '.'
    when 5 then last_name
    when 6 then 'null'
    when 7 then null
    else first_name end;
create or replace macro last_text(twist, first_name, last_name) as case twist
    when 1 then upper(last_name)
    when 2 then lower(last_name)
    when 3 then last_name[1:2] || last_name[4:]
    when 5 then first_name
    when 6 then 'Guest'
    when 7 then null
    else last_name end;
create or replace macro phone_text(form, dial, national, trunk, landline, k) as case form
    when 1 then '+' || dial || national
    when 2 then trunk || national
    when 3 then '00' || dial || national
    when 4 then '+' || dial || ' ' || national[1:3] || ' ' || national[4:7] || ' ' || national[8:]
    when 5 then '+' || dial || landline
    when 6 then ['0000000000', 'n/a', 'null', '-', '0'][k % 5 + 1]
    end;
create or replace macro birthday_text(form, day) as [
    strftime(day, '%Y-%m-%d'), strftime(day, '%d.%m.%Y'), strftime(day, '%m/%d/%Y'), strftime(day, '%d/%m/%Y'),
    strftime(day, '%Y/%m/%d'), strftime(day, '%B %d')
][form + 1];
