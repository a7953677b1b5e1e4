const scopeKey = 'chanbo.scope'

/** The base this machine's screens look at; null for the whole belt. */
export const rememberedBase = (): string | null => localStorage.getItem(scopeKey)

export function rememberBase(baseId: string | null): void {
  if (baseId) localStorage.setItem(scopeKey, baseId)
  else localStorage.removeItem(scopeKey)
}
