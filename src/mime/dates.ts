// The Date: header as an instant. RFC 5322 §3.3 with the obsolete years and zones of §4.3; read leniently, since lists
// are sorted by it.

export interface MailDate {
  /** Milliseconds since 1970, UTC. */
  readonly time: number
  /** Minutes east of Greenwich. */
  readonly zone: number
}

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec'
const NAMED_ZONES: ReadonlyMap<string, number> = new Map([
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
])
const DATE =
  /(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[\s,-]+(\d{2,4})(?:[\s,]+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?)?\s*(?:([+-])(\d{2}):?(\d{2})|([A-Za-z]+))?/
/** `Sun Nov  6 08:49:37 1994`, as asctime writes it. */
const ASCTIME = /([A-Za-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\s+(?:([A-Z]{3,4})\s+)?(\d{4})/
const LONGEST = 200

/** Undefined where no date can be read. */
export function readDate(value: string): MailDate | undefined {
  const text = value.length > LONGEST ? value.slice(0, LONGEST) : value
  const match = DATE.exec(text)
  if (match === null) return readAsctime(text)
  const [, day, month, year, hour, minute, second, sign, zoneHours, zoneMinutes, name] = match
  let zone = NAMED_ZONES.get(name?.toLowerCase() ?? '') ?? 0
  if (sign !== undefined) zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  return instant(year, month, day, hour, minute, second, zone)
}

function readAsctime(text: string): MailDate | undefined {
  const match = ASCTIME.exec(text)
  if (match === null) return undefined
  const [, month, day, hour, minute, second, name, year] = match
  return instant(year, month, day, hour, minute, second, NAMED_ZONES.get(name?.toLowerCase() ?? '') ?? 0)
}

function instant(
  year = '',
  month = '',
  day = '',
  hour = '0',
  minute = '0',
  second = '0',
  zone = 0,
): MailDate | undefined {
  const monthIndex = MONTHS.indexOf(month.toLowerCase())
  if (monthIndex < 0 || monthIndex % 3 !== 0) return undefined
  const days = Number(day)
  if (days < 1 || days > 31 || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60)
    return undefined
  if (Math.abs(zone) > 24 * 60) return undefined
  const time = Date.UTC(fullYear(year), monthIndex / 3, days, Number(hour), Number(minute), Number(second))
  return { time: time - zone * 60_000, zone }
}

/** RFC 5322 §4.3: two digits below 50 are of this century, others and three digits count from 1900. */
function fullYear(year: string): number {
  const value = Number(year)
  if (year.length === 2) return value < 50 ? 2000 + value : 1900 + value
  return year.length === 3 ? 1900 + value : value
}
