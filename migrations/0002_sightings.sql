-- Where a look-up ever led, and since when: without reading each of its observations.
CREATE INDEX observation_led ON observation (md5(question), digest, at) WHERE digest IS NOT NULL;
