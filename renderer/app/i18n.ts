import { createI18n } from 'vue-i18n'

export const locales = ['zh-CN', 'en'] as const
export type LocaleName = (typeof locales)[number]

type Messages = { [key: string]: string | Messages }

/**
 * One file per feature and language; the file's name is the first part of its keys (`today.json` holds `today.*`).
 * Messages are compiled to data, never to code, so that they run under a policy without `unsafe-eval`.
 */
const files = import.meta.glob<Messages>('./locales/*/*.json', { eager: true, import: 'default' })

function collect(): Record<LocaleName, Messages> {
  const all: Record<LocaleName, Messages> = { 'zh-CN': {}, en: {} }
  for (const [path, messages] of Object.entries(files)) {
    const [, locale, name] = /locales\/([^/]+)\/([^/]+)\.json$/.exec(path) ?? []
    if (name && locales.includes(locale as LocaleName)) all[locale as LocaleName][name] = messages
  }
  return all
}

const storageKey = 'chanbo.locale'

function preferred(): LocaleName {
  const stored = localStorage.getItem(storageKey)
  if (stored === 'zh-CN' || stored === 'en') return stored
  return navigator.language.toLowerCase().startsWith('zh') || !navigator.language ? 'zh-CN' : 'en'
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: false,
  messages: collect(),
})

/** Switches the language of every screen and remembers it on this machine. */
export function setLocale(locale: LocaleName, remember = true): void {
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  if (remember) localStorage.setItem(storageKey, locale)
}

export function restoreLocale(): void {
  setLocale(preferred(), false)
}
