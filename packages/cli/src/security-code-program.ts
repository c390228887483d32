import type { Command } from 'commander'
import type { CommandContext } from './commands/context.ts'

type GiveContext = () => CommandContext

const CONTACT = 'name, id, or its beginning'

/** `kith code`: what two people compare. */
export function addCode(program: Command, context: GiveContext): void {
  program
    .command('code')
    .description('the security code of you and a contact: the same 60 digits on both devices')
    .argument('<contact>', CONTACT)
    .option('--qr', 'also the code to scan')
    .action(async (contact: string, { qr }: { readonly qr?: boolean }) => {
      const { showCode } = await import('./commands/security-code.ts')
      await showCode(context(), { contact, qr: qr === true })
    })
}

/** What a person says of the account of a contact, below `kith contacts`. */
export function addVerification(contacts: Command, context: GiveContext): void {
  contacts
    .command('verify')
    .description('say that the security codes are the same; once, for all your devices')
    .argument('<contact>', CONTACT)
    .option('--scanned <code>', 'compare with the code on their screen; - reads it from stdin')
    .action(async (contact: string, { scanned }: { readonly scanned?: string }) => {
      const { verifyContact } = await import('./commands/security-code.ts')
      await verifyContact(context(), { contact, scanned })
    })
  contacts
    .command('unverify')
    .description('take that back')
    .argument('<contact>', CONTACT)
    .action(async (contact: string) => {
      await (await import('./commands/security-code.ts')).unverifyContact(context(), contact)
    })
  contacts
    .command('accept')
    .description('accept the new account of a contact, after comparing the code')
    .argument('<contact>', CONTACT)
    .action(async (contact: string) => {
      await (await import('./commands/security-code.ts')).acceptContact(context(), contact)
    })
  contacts
    .command('replace')
    .description('say that one contact is the new account of another')
    .argument('<contact>', `the old account: ${CONTACT}`)
    .argument('<by>', `the new one: ${CONTACT}`)
    .action(async (contact: string, by: string) => {
      await (await import('./commands/security-code.ts')).replaceContact(context(), { contact, by })
    })
}
