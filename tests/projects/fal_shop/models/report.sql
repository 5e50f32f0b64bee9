select customer, amount as total from {{ ref('score') }}
