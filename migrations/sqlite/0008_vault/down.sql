drop table registries;
drop table secrets;
