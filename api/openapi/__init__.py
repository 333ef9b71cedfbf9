"""The OpenAPI document: operations as data, made into OpenAPI 3.1 and served."""
