select
    id as payment_id,
    order_id,
    payment_method,
    cast(amount_cents / 100.0 as double precision) as amount
from {{ ref('raw_payments') }}
