import type { ReactNode } from "react";
import { Footer } from "./Footer";
import { Header } from "./Header";

/** What every page shares. `current` is the page's own address. */
export function Layout({ current, children }: { current: string; children: ReactNode }) {
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Header current={current} />
      <main id="content">{children}</main>
      <Footer current={current} />
    </>
  );
}
