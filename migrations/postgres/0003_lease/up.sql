-- Which master may write: one row, made here and only changed from then on. A holder without a name has
-- given the lease back; renewed_at is the database's time.

create table lease (
    id integer primary key check (id = 1),
    epoch bigint not null,
    holder text not null,
    renewed_at bigint not null
);

insert into lease (id, epoch, holder, renewed_at) values (1, 0, '', 0);
