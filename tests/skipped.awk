# Reads what `cargo test -- --show-output` says, leaves out what tests that passed have printed, and
# closes with those of them that said they were skipped.

/^successes:$/ { passed = 1; next }
/^failures:$/ || /^test result:/ { passed = 0 }

passed && /^---- .* stdout ----$/ { name = $2 }
passed && sub(/^skipped: /, "") { skipped = skipped "  " name ": " $0 "\n" }
passed { next }

{ print; fflush() }

END {
    if (skipped)
        printf "\nskipped, in whole or in part:\n%s\n", skipped
    else
        print "\nno test was skipped\n"
}
