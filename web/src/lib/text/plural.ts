// Numbers and plurals as the language writes them, by Intl. Knows no sentence.
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
