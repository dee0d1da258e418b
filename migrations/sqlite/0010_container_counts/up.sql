-- How many containers a grid has is counted without reading them.
create index containers_existing on containers (grid_id, kind, deleted_at);
