select id, customer, amount from {{ source('shop', 'raw_orders') }}
