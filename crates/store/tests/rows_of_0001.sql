-- Rows as a master with migration 0001 alone wrote them, for both dialects.
insert into grids values
    ('597f2d4b8e5c3a0008a1b2c3', 'test', 'h', 's', 1, '10.81.0.0/16', '10.80.0.0/12', '[]', '[]', null, null,
     1000000);
insert into nodes values
    ('597f2d4b8e5c3a0008a1b201', '597f2d4b8e5c3a0008a1b2c3', 1, 'away', 'ID1', null, null, '["az=a"]',
     'active', false, true, 2000000, 3000000, 2500000, null, '1.5.4', '{}', '{"total":1}', 1000000, 3000000),
    ('597f2d4b8e5c3a0008a1b202', '597f2d4b8e5c3a0008a1b2c3', 2, 'here', 'ID2', null, null, '[]', 'drain', true,
     true, 4000000, null, 5000000, null, null, '{}', null, 1000000, 5000000);
