import { describe, expect, it } from 'vitest'
import { provinceLabel } from '../../../shared/domain/provinces.ts'

describe('a province in another language', () => {
  it('has its English name however orders write it, and stays as it is in Chinese', () => {
    for (const name of ['山东', '山东省', ' 山东 ']) expect(provinceLabel(name, 'en')).toBe('Shandong')
    expect(provinceLabel('新疆维吾尔自治区', 'en')).toBe('Xinjiang')
    expect(provinceLabel('北京市', 'en')).toBe('Beijing')
    expect(provinceLabel('全国', 'en')).toBe('China')
    expect(provinceLabel('山东省', 'zh-CN')).toBe('山东省')
  })

  it('is shown as it came when nobody knows it', () => {
    expect(provinceLabel('Bavaria', 'en')).toBe('Bavaria')
    expect(provinceLabel('', 'en')).toBe('')
    expect(provinceLabel('constructor', 'en')).toBe('constructor')
  })
})
