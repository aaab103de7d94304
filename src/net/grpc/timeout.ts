const FORM = /^(\d{1,8})([HMSmun])$/;

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The time that a call has, in milliseconds, from its header `grpc-timeout`. Undefined for what is none. */
export function readTimeout(text: string): number | undefined {
  const [, digits, unit = ''] = FORM.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNIT_MS[unit] ?? Number.NaN);
}
