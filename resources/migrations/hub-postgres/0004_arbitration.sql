-- When a claim's standing answer was given, so that an older one that a restored hub gets back never takes its place.
ALTER TABLE booking ADD COLUMN "answerMs" BIGINT NOT NULL DEFAULT 0;

-- Names under which this hub wrote in epochs that a restore has made it forget.
CREATE TABLE "hubName" (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  PRIMARY KEY (belt, author)
);
