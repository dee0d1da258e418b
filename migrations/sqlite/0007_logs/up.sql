-- What containers wrote, and to whom an event belongs whose service is gone.

create table container_logs (
    id integer primary key autoincrement,
    grid_id text not null references grids (id) on delete cascade,
    -- The names and the container are kept beside: they may be gone before the line.
    node_id text not null,
    container_id text not null,
    container_name text not null,
    service_id text,
    stack_name text,
    service_name text,
    instance_number integer,
    at bigint not null,
    stream text not null,
    data text not null
);
create index container_logs_grid on container_logs (grid_id, id);
create index container_logs_service on container_logs (service_id, id);
create index container_logs_node on container_logs (node_id, id);
create index container_logs_container on container_logs (container_id, id);

alter table events add column stack_name text;
alter table events add column service_name text;
update events set
    service_name = (select name from services where services.id = events.service_id),
    stack_name = (select stacks.name from services join stacks on stacks.id = services.stack_id
        where services.id = events.service_id);
