// The dates of RFC 3501 §9: `date` of SEARCH, and `date-time` of APPEND and INTERNALDATE. Days and milliseconds are counted
// with plain arithmetic, because INTERNALDATE of 50,000 messages is written at once.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MS_PER_MINUTE = 60_000
const MS_PER_DAY = 86_400_000

export interface ZonedDate {
  /** Milliseconds since 1970, whole seconds. */
  readonly at: number
  /** Minutes east of UTC. */
  readonly zone: number
}

/** Days from 1970-01-01 to a day of the proleptic Gregorian calendar; month 1 … 12. */
function daysTo(year: number, month: number, day: number): number {
  // Years that begin in March put the leap day at their end.
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

interface CivilDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

function civilDay(days: number): CivilDay {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** Days since 1970-01-01 of a day that is in the calendar. */
function calendarDay(day: string, monthName: string, year: string): number | undefined {
  const month = MONTHS.findIndex((name) => name.toLowerCase() === monthName.toLowerCase()) + 1
  if (month === 0) return undefined
  const days = daysTo(Number(year), month, Number(day))
  const back = civilDay(days)
  return back.month === month && back.day === Number(day) ? days : undefined
}

const DATE = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/

/** `date-text = date-day "-" date-month "-" date-year`: days since 1970-01-01. */
export function parseDate(text: string): number | undefined {
  const [, day, month, year] = DATE.exec(text) ?? []
  if (day === undefined || month === undefined || year === undefined) return undefined
  return calendarDay(day, month, year)
}

const DATE_TIME = /^( \d|\d\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/

/** The inside of `date-time`, such as ` 1-Jul-1996 02:44:25 -0700`. Seconds may be 60 (a leap second). */
export function parseDateTime(text: string): ZonedDate | undefined {
  const match = DATE_TIME.exec(text)
  if (match === null) return undefined
  const [, day = '', month = '', year = '', hours, minutes, seconds, sign, zoneHours, zoneMinutes] = match
  const days = calendarDay(day.trim(), month, year)
  const inDay = Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) <= 60
  if (days === undefined || !inDay || Number(zoneMinutes) >= 60) return undefined
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  const local = days * MS_PER_DAY + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return { at: local - zone * MS_PER_MINUTE, zone }
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

/** The inside of `date-time`, 26 characters for the years 0 … 9999; dates outside are put at their ends. */
export function formatDateTime(at: number, zone: number): string {
  const local = at + zone * MS_PER_MINUTE
  const days = Math.floor(local / MS_PER_DAY)
  const { year, month, day } = civilDay(days)
  const seconds = Math.floor((local - days * MS_PER_DAY) / 1000)
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const east = Math.abs(zone)
  const offset = `${zone < 0 ? '-' : '+'}${two(Math.floor(east / 60))}${two(east % 60)}`
  const inYears = String(Math.min(9999, Math.max(0, year))).padStart(4, '0')
  return `${day < 10 ? ' ' : ''}${day}-${MONTHS[month - 1]}-${inYears} ${time} ${offset}`
}
