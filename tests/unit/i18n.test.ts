import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../shared/contract/errors.ts'
import { ROLES } from '../../shared/contract/define.ts'
import { findUses, matches, paramsOf, readMessages, readSources } from '../helpers/i18n-keys.ts'

const RENDERER = join(import.meta.dirname, '../../renderer')
const zh = readMessages(join(RENDERER, 'app/locales/zh-CN'))
const en = readMessages(join(RENDERER, 'app/locales/en'))
const namespaces = new Set([...zh.keys()].map((key) => key.split('.')[0] as string))
const uses = findUses(readSources(RENDERER), namespaces)

describe('messages', () => {
  it('are the same keys in both languages', () => {
    expect({
      missingInEnglish: [...zh.keys()].filter((key) => !en.has(key)),
      missingInChinese: [...en.keys()].filter((key) => !zh.has(key)),
    }).toEqual({ missingInEnglish: [], missingInChinese: [] })
  })

  it('take the same parameters in both languages', () => {
    // A name the core sends in both languages has the English one under `…En`.
    const names = (text: string) => paramsOf(text.replace(/En\}/g, '}')).join()
    const different = [...zh].filter(([key, text]) => names(text) !== names(en.get(key) ?? ''))
    expect(different.map(([key]) => key)).toEqual([])
  })

  it('never name a parameter in one plural form only, except the count', () => {
    const uneven = [...en].filter(([, text]) => {
      const forms = text.split(' | ')
      const names = forms.map((form) =>
        paramsOf(form)
          .filter((name) => !isCount(name))
          .join(),
      )
      return forms.length > 1 && new Set(names).size > 1
    })
    expect(uneven.map(([key]) => key)).toEqual([])
  })

  it('exist for every key the screens ask for', () => {
    const missing = [...uses.called].filter(([key]) => !zh.has(key)).map(([key, path]) => `${key} (${path})`)
    expect(missing).toEqual([])
  })

  it('are all used', () => {
    const unused = [...zh.keys()].filter(
      (key) =>
        !uses.called.has(key) &&
        !uses.mentioned.has(key) &&
        !uses.dynamic.some((pattern) => matches(pattern, key)),
    )
    expect(unused).toEqual([])
  })

  it('declare no pattern that matches nothing', () => {
    expect(uses.dynamic.filter((pattern) => ![...zh.keys()].some((key) => matches(pattern, key)))).toEqual([])
  })

  it('are never empty, and none is left in the other language', () => {
    expect([...zh, ...en].filter(([, text]) => text.trim() === '').map(([key]) => key)).toEqual([])
    expect([...en].filter(([, text]) => /[\u4e00-\u9fff]/.test(text)).map(([key]) => key)).toEqual([])
  })

  it('have a sentence for every error a person can meet', () => {
    expect(ERROR_CODES.filter((code) => !zh.has(`error.${code}`))).toEqual([])
  })

  it('have no sentence for an error that does not exist', () => {
    const codes = new Set<string>(ERROR_CODES)
    expect([...zh.keys()].filter((key) => key.startsWith('error.') && !codes.has(key.slice(6)))).toEqual([])
  })

  it('name every role', () => {
    expect(ROLES.filter((role) => !zh.has(`common.role.${role}`))).toEqual([])
  })

  it('keep the tone: no apology, no exclamation mark, no "try again later"', () => {
    const wrong = [...zh, ...en].filter(([, text]) => /[!！]|抱歉|请稍后重试|sorry|oops/i.test(text))
    expect(wrong.map(([key]) => key)).toEqual([])
  })
})

const isCount = (name: string) => /^(count|seconds|minutes|hours|days|n|no|orders|rows)$/.test(name)

describe('the check itself', () => {
  it('sees a missing key, an unused key and a key put together at run time', () => {
    const found = findUses(
      new Map([
        ['a.vue', "t('app.present') t('app.gone') // i18n-dynamic: app.kind.* \n const k = 'app.held'"],
      ]),
      new Set(['app']),
    )
    expect([...found.called.keys()]).toEqual(['app.present', 'app.gone'])
    expect(found.mentioned.has('app.held')).toBe(true)
    expect(found.dynamic).toEqual(['app.kind.*'])
    expect(matches('app.kind.*', 'app.kind.late')).toBe(true)
    expect(matches('app.kind.*', 'app.kinds')).toBe(false)
  })

  it('sees parameters', () => {
    expect(paramsOf('{name} 的 {count} 件，{name}')).toEqual(['count', 'name'])
  })
})
