// Numbers, plurals, days and times as the language writes them, by Intl. Knows no sentence.
export const locale = 'en';

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

const rules = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

export function number(value: number): string {
  return numbers.format(value);
}

/** The form for `count`, with `#` replaced by the number. */
export function plural(count: number, forms: Forms): string {
  return (forms[rules.select(count)] ?? forms.other).replaceAll('#', number(count));
}

const days = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const daysOfYears = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
const times = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });

/** The day where the reader is; of another year with the year. */
export function day(at_ms: number, now_ms: number): string {
  const isThisYear = new Date(at_ms).getFullYear() === new Date(now_ms).getFullYear();
  return (isThisYear ? days : daysOfYears).format(at_ms);
}

export function time(at_ms: number): string {
  return times.format(at_ms);
}
