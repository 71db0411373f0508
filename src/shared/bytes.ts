/** 812 bytes, 12 kB, 1.4 MB, 139 MB: of 1,000 each. `locale` is BCP 47, else the machine's. */
export function formatBytes(bytes: number, locale?: string): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
  const megabytes = bytes / 1e6;
  return `${megabytes.toLocaleString(locale, { maximumFractionDigits: megabytes < 10 ? 1 : 0 })} MB`;
}
