import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import ChainBeads from '../../../renderer/ui/ChainBeads.vue'
import ConfirmInline from '../../../renderer/ui/ConfirmInline.vue'
import RefusalCard from '../../../renderer/ui/RefusalCard.vue'
import SegmentedControl from '../../../renderer/ui/SegmentedControl.vue'
import StateTag from '../../../renderer/ui/StateTag.vue'
import UiMenu from '../../../renderer/ui/UiMenu.vue'
import { planStates, syncStates } from '../../../renderer/ui/states.ts'
import { i18n, setLocale } from '../../../renderer/app/i18n.ts'

const options = { global: { plugins: [i18n] }, attachTo: document.body }
const mounted: { unmount: () => void }[] = []
const keep = <T extends { unmount: () => void }>(wrapper: T): T => {
  mounted.push(wrapper)
  return wrapper
}
afterEach(() => {
  for (const wrapper of mounted.splice(0)) wrapper.unmount()
  setLocale('zh-CN')
})

describe('a state tag', () => {
  it('always says its state in words beside an icon', () => {
    for (const state of [...syncStates, ...planStates, 'offline'] as const) {
      const tag = keep(mount(StateTag, { ...options, props: { state } }))
      expect(tag.find('svg').exists()).toBe(true)
      expect(tag.text()).toBe(i18n.global.t(`common.state.${state}`))
    }
  })
  it('follows the language', async () => {
    const tag = keep(mount(StateTag, { ...options, props: { state: 'late', count: 3 } }))
    expect(tag.text()).toBe('3将迟')
    setLocale('en')
    await tag.vm.$nextTick()
    expect(tag.text()).toBe('3Late')
  })
})

describe('the chain', () => {
  it('is always five beads, read out step by step', () => {
    const chain = ['done', 'half', 'risk', 'late', 'tentative'] as const
    const beads = keep(mount(ChainBeads, { ...options, props: { chain } }))
    expect(beads.attributes('aria-label')).toBe(
      '样品 完成 · 质检 进行中 · 直播 有风险 · 生产 将迟 · 揽收 暂定',
    )
    expect(beads.findAll('line')).toHaveLength(4)
  })
})

const alternatives = [
  { id: 'a', title: '3 号间 19:00' },
  { id: 'b', title: '9月20日 1 号间' },
  { id: 'c', title: '候补' },
  { id: 'd', title: '第四个' },
]
const press = (key: string, init: KeyboardEventInit = {}) =>
  window.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true, ...init }))

describe('a refusal', () => {
  const make = (props: Record<string, unknown> = {}) =>
    keep(mount(RefusalCard, { ...options, props: { title: 't', reason: 'r', alternatives, ...props } }))

  it('offers at most three numbered ways on, by click and by key', async () => {
    const card = make()
    expect(card.findAll('li')).toHaveLength(3)
    press('2')
    await card.findAll('li button')[2]?.trigger('click')
    expect(card.emitted('choose')).toEqual([[alternatives[1]], [alternatives[2]]])
  })
  it('leaves the number keys alone while it is not the active one, busy, or with a modifier', () => {
    const passive = make({ passive: true })
    const busy = make({ busy: true })
    press('1')
    press('1', { ctrlKey: true })
    expect([passive.emitted('choose'), busy.emitted('choose')]).toEqual([undefined, undefined])
  })
  it('ignores a digit typed into a field', () => {
    const card = make()
    const input = document.body.appendChild(document.createElement('input'))
    input.dispatchEvent(new KeyboardEvent('keydown', { key: '1', bubbles: true }))
    input.remove()
    expect(card.emitted('choose')).toBeUndefined()
  })
  it('stops listening when it is gone', () => {
    const card = mount(RefusalCard, { ...options, props: { title: 't', reason: 'r', alternatives } })
    card.unmount()
    press('1')
    expect(card.emitted('choose')).toBeUndefined()
  })
})

describe('a question asked in place', () => {
  const props = { text: '停用', question: '停用后不能再登录。', yes: '停用' }
  it('needs a second press, and Escape takes it back', async () => {
    const ask = keep(mount(ConfirmInline, { ...options, props }))
    await ask.find('button').trigger('click')
    expect(ask.text()).toContain(props.question)
    expect(ask.emitted('confirm')).toBeUndefined()
    await ask.trigger('keydown', { key: 'Escape' })
    expect(ask.text()).not.toContain(props.question)
    await ask.find('button').trigger('click')
    await ask.findAll('button')[0]?.trigger('click')
    expect(ask.emitted('confirm')).toHaveLength(1)
  })
})

describe('a segmented control', () => {
  it('is one stop for Tab and moves with the arrow keys, past what is disabled', async () => {
    const control = keep(
      mount(SegmentedControl<'a' | 'b' | 'c'>, {
        ...options,
        props: {
          modelValue: 'a',
          label: 'l',
          options: [
            { value: 'a', text: 'A' },
            { value: 'b', text: 'B', disabled: true },
            { value: 'c', text: 'C' },
          ],
        },
      }),
    )
    expect(control.findAll('[tabindex="0"]')).toHaveLength(1)
    await control.findAll('button')[0]?.trigger('keydown', { key: 'ArrowRight' })
    expect(control.emitted('update:modelValue')).toEqual([['c']])
  })
})

describe('a menu', () => {
  it('opens on the present choice, moves with the arrows and closes with Escape', async () => {
    const menu = keep(
      mount(UiMenu, {
        ...options,
        props: {
          label: '查看范围',
          items: [
            { id: 'belt', text: '全部' },
            { id: 'wendeng', text: '文登基地', current: true },
          ],
        },
        slots: { default: '文登基地' },
      }),
    )
    await menu.find('.trigger').trigger('click')
    expect(document.activeElement?.textContent).toContain('文登基地')
    await menu.find('.list').trigger('keydown', { key: 'ArrowDown' })
    expect(document.activeElement?.textContent).toContain('全部')
    await menu.trigger('keydown', { key: 'Escape' })
    expect(menu.find('.list').exists()).toBe(false)
    expect(document.activeElement).toBe(menu.find('.trigger').element)
    await menu.find('.trigger').trigger('click')
    await menu.findAll('[role="menuitem"]')[0]?.trigger('click')
    expect(menu.emitted('choose')).toEqual([['belt']])
  })
})
