select
    id as payment_id,
    order_id,
    payment_method,
    cast(amount_cents as float) / 100 as amount
from {{ ref('raw_payments') }}
