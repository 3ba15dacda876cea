import * as v from "valibot";
import { describedFlag, mapping, number, text } from "./schema-values.ts";

const DEGREES_LAT_MAX = 90;
const DEGREES_LON_MAX = 180;

const URL_ALLOWED = "a URL that begins with http:// or https://";
const webUrl = v.pipe(
  v.string(URL_ALLOWED),
  v.check((said) => /^https?:\/\//.test(said) && URL.canParse(said), URL_ALLOWED),
);

const line = v.optional(text(1));

/** As far as people of an office write to each other; the rest may be added when it is missed. */
const contact = mapping({
  email: line,
  phone: line,
  matrix: line,
  mastodon: line,
  irc: line,
  xmpp: line,
  ml: line,
  issue_mail: line,
});

function degrees(max: number) {
  const allowed = `degrees from -${max} to ${max}`;
  return v.optional(v.pipe(number, v.minValue(-max, allowed), v.maxValue(max, allowed)));
}

const PLACE_ALLOWED = "a place with lat and lon both, or neither, and at least one key";
const location = v.pipe(
  mapping({
    address: line,
    lat: degrees(DEGREES_LAT_MAX),
    lon: degrees(DEGREES_LON_MAX),
    timezone: v.optional(v.pipe(text(1), v.examples(["Europe/Lisbon"]))),
    country_code: v.optional(
      v.pipe(text(1), v.regex(/^[A-Z]{2}$/, "two capital letters of ISO 3166, such as PT")),
    ),
    hint: v.optional(v.pipe(text(1), v.description("How to get in, where that is not plain."))),
  }),
  v.check(
    (said) => Object.keys(said).length > 0 && (said.lat === undefined) === (said.lon === undefined),
    PLACE_ALLOWED,
  ),
);

/** What `/spaceapi.json` says of the place, by the names of SpaceAPI v15. */
export const space = mapping({
  name: v.pipe(text(1), v.description("The place's name.")),
  url: v.pipe(webUrl, v.description("Its web page.")),
  logo: v.pipe(webUrl, v.description("A picture of its logo.")),
  people: v.optional(describedFlag("Whether who is in is named there, not only counted."), false),
  contact: v.optional(contact, {}),
  location: v.optional(location),
});
