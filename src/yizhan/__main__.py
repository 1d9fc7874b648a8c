from yizhan.site.cli.main import main

main()
