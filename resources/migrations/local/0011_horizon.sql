-- How many days ahead a belt is planned (null: as by default).
ALTER TABLE planningPolicy ADD COLUMN horizonDays INTEGER;
