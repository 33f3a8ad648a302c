"""The open descriptions: what may be called, said and heard, in OpenAPI, in AsyncAPI and as a page. Pure: made of tables and models."""
