import { business, type Way } from "../business";

/** The first number to call and the first address to write to. */
export function directWays(): Way[] {
  const first = (kind: Way["kind"]) => business.contact.find((way) => way.kind === kind && way.href);
  return [first("phone"), first("email")].filter((way) => way !== undefined);
}

/** A button that calls or writes. */
export function Direct({ way, quiet = false }: { way: Way; quiet?: boolean }) {
  return (
    <a className={quiet ? "button quiet" : "button"} href={way.href}>
      {way.kind === "phone" ? `Call ${way.text}` : "Write to us"}
    </a>
  );
}
