import { expect, test } from './_electron.ts'

test('a fresh machine is asked how to begin, in Chinese, without a complaint of the page', async ({
  cockpit,
}) => {
  const { page, complaints } = cockpit
  await expect(page.getByRole('button').first()).toBeVisible()
  await expect(page.locator('body')).toContainText('产播')
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  expect(complaints).toEqual([])
})

test('the token leaves the address bar, a reload stays signed in, the used link lets nobody else in', async ({
  cockpit,
  browser,
}) => {
  test.skip(cockpit.link === null, 'a window needs no link')
  const { page, link } = cockpit
  await expect(page.getByRole('button').first()).toBeVisible()
  expect(page.url()).not.toContain('token')
  await page.reload()
  await expect(page.getByRole('button').first()).toBeVisible()
  expect(await page.evaluate(async () => (await fetch('/session')).status)).toBe(204)

  const stranger = await browser.newContext()
  const other = await stranger.newPage()
  await other.goto(link ?? '')
  expect(await other.evaluate(async () => (await fetch('/session')).status)).toBe(401)
  await expect(other.locator('body')).toContainText('#token=')
  await stranger.close()
})
