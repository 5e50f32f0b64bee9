select {{ var('column', 'customer') }} from {{ ref('report') }}
