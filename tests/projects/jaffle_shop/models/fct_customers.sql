select
    customers.customer_id,
    customers.first_name,
    customers.number_of_orders,
    ltvs.expected_orders,
    ltvs.predicted_ltv
from {{ ref('customers') }} as customers
left join {{ ref('customers_predicted_ltvs') }} as ltvs
    on customers.customer_id = ltvs.customer_id
