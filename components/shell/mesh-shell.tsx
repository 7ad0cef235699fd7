"use client";
// The frame of every screen of a mesh: rail, context bar, finder, keys, live news.
import { type HotkeyItem, useHotkeys, useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { listenForEvents } from "@/components/api-client";
import { ConnectionLine } from "./connection-line";
import { ContextBar } from "./context-bar";
import { Finder } from "./finder";
import { lastMeshKey } from "./home";
import { KeysHelp, openKeysHelp } from "./keys-help";
import { MeshProvider } from "./mesh-context";
import { navigation } from "./navigation";
import { BottomBar, Rail } from "./rail";
import classes from "./shell.module.css";
import { sharedSearch } from "./view";

export function MeshShell({ mesh, children }: { mesh: string; children: ReactNode }) {
  const client = useQueryClient();
  const isPhone = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: true });
  const [folded, setFolded] = useLocalStorage({ key: "meshwright-rail-folded", defaultValue: false });
  const [, setLast] = useLocalStorage({ key: lastMeshKey, defaultValue: "" });
  useEffect(() => listenForEvents(client), [client]);
  useEffect(() => setLast(mesh), [mesh, setLast]);
  useNavigationKeys(mesh);
  return (
    <Suspense>
      <MeshProvider mesh={mesh}>
        <a href="#main" className="skip-link">
          Skip to the content
        </a>
        <div className={classes.shell} data-folded={folded || undefined}>
          {isPhone ? null : <Rail mesh={mesh} folded={folded} onFold={() => setFolded(!folded)} />}
          <div className={classes.body}>
            <ConnectionLine />
            <ContextBar />
            <main id="main" className={classes.main} tabIndex={-1}>
              {children}
            </main>
          </div>
          {isPhone ? <BottomBar mesh={mesh} /> : null}
        </div>
        <Finder mesh={mesh} />
        <KeysHelp />
      </MeshProvider>
    </Suspense>
  );
}

/** `g` then a letter goes to a screen; `?` lists the keys. */
function useNavigationKeys(mesh: string) {
  const router = useRouter();
  const pressedG = useRef(0);
  useHotkeys([
    ["shift + ?", openKeysHelp],
    ["?", openKeysHelp],
    [
      "g",
      () => {
        pressedG.current = Date.now();
      },
    ],
    // A letter that does not follow `g` belongs to the screen: it must not look as if it had been used.
    ...navigation.map(
      (entry): HotkeyItem => [
        entry.key,
        (event) => {
          if (Date.now() - pressedG.current > 1000) return;
          event.preventDefault();
          pressedG.current = 0;
          router.push(`/meshes/${mesh}/${entry.path}${sharedSearch(window.location.search)}`);
        },
        { preventDefault: false },
      ],
    ),
  ]);
}
