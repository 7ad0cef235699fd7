"use client";
// Everything a page needs around it. Job: theme, queries, notifications, live news. Rule: created once per tab.
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError } from "@/components/api-client";
import { cssVariables, theme } from "@/components/ui";

const colorScheme = localStorageColorSchemeManager({ key: "meshwright-color-scheme" });

function createQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        refetchOnWindowFocus: true,
        retry: (failures, error) =>
          failures < 2 && (!(error instanceof ApiError) || error.status >= 500 || error.status === 0),
      },
    },
  });
}

/** Dialogs lock scrolling with a style element of their own; its library reads the nonce of the page from this name. */
function lendNonce(nonce: string | undefined) {
  if (typeof window !== "undefined" && nonce) Object.assign(window, { __webpack_nonce__: nonce });
}

export function Providers({ nonce, children }: { nonce?: string; children: ReactNode }) {
  useState(() => lendNonce(nonce));
  const [client] = useState(createQueryClient);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={colorScheme}
      getStyleNonce={() => nonce ?? ""}
    >
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={3} />
        {children}
      </QueryClientProvider>
    </MantineProvider>
  );
}
