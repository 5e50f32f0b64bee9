select
    stg_customers.customer_id,
    stg_customers.first_name,
    stg_customers.last_name,
    min(orders.order_date) as first_order,
    max(orders.order_date) as most_recent_order,
    count(orders.order_id) as number_of_orders
from {{ ref('stg_customers') }} as stg_customers
left join {{ ref('stg_orders') }} as orders
    on stg_customers.customer_id = orders.customer_id
group by 1, 2, 3
