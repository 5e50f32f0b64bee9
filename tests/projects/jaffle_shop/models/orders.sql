select
    stg_orders.order_id,
    stg_orders.customer_id,
    stg_orders.order_date,
    stg_orders.status,
    coalesce(sum(stg_payments.amount), 0.0) as amount
from {{ ref('stg_orders') }} as stg_orders
left join {{ ref('stg_payments') }} as stg_payments
    on stg_orders.order_id = stg_payments.order_id
group by 1, 2, 3, 4
